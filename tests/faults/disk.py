"""Disks that fail on demand: a small file system where mounting is allowed, and a shim that works everywhere."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy

SOURCE = Path(__file__).with_name("failing_disk.c")
APT = Path(__file__).parents[1] / "apt.sh"
MEGABYTES = 12
"""Of the small file system: enough for Steward's empty store and some thousand deliveries."""


@dataclass(frozen=True, slots=True)
class Shim:
    """The library beneath one Steward; see the head of its source for what the flags do."""

    library: Path
    root: Path
    state: Path

    @property
    def environment(self) -> Mapping[str, str]:
        return {"LD_PRELOAD": str(self.library), "DISK_ROOT": str(self.root), "DISK_STATE": str(self.state)}

    @contextmanager
    def failing(self, flag: str) -> Iterator[None]:
        """``full``, ``readonly`` or ``fsync``, as long as the block lasts."""
        (self.state / flag).touch()
        try:
            yield
        finally:
            (self.state / flag).unlink()

    def cut_power(self) -> None:
        """The files become what the disk had kept of them. Only while no process has them open."""
        for file in self.root.glob("*.db*"):
            file.unlink()
        for kept in (self.state / "kept").iterdir():
            shutil.copy(kept, self.root / kept.name)


def compiled(directory: Path) -> Path:
    """The shim as a library in ``directory``."""
    if shutil.which("cc") is None:
        subprocess.run([APT, "gcc", "libc6-dev"], check=True)
    library = directory / "failing_disk.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"], check=True)
    return library


@contextmanager
def small_file_system(place: Path) -> Iterator[bool]:
    """A file system of a few megabytes at ``place`` while the block lasts; False where nobody may mount one."""
    place.mkdir()
    size = f"size={MEGABYTES}m"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True, check=False)
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def filled(place: Path) -> Iterator[None]:
    """Not a byte is free at ``place`` while the block lasts."""
    ballast = place / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for piece in (1 << 20, 4096, 1):
                while _fits(file.write, b"\0" * piece):
                    pass
        yield
    finally:
        ballast.unlink()


def _fits(write: object, piece: bytes) -> bool:
    assert callable(write)
    try:
        return bool(write(piece) == len(piece))
    except OSError:
        return False


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the database for itself while the block lasts."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextmanager
def read_only(url: str) -> Iterator[None]:
    """Every new session of that PostgreSQL database may only read, as on a standby, and those there are end."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    name = engine.url.database
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with engine.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
    try:
        yield
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
