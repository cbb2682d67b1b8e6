"""What deploy/ ships fits the product: images, compose file and units name what exists and give no rights away."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from plugin import settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = [DEPLOY / "steward.service", DEPLOY / "steward@.service"]
WORDS = {"serve", "web", "worker"}

# what a unit must say, whatever else it says
HARDENING = {
    "User": "steward",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectProc": "invisible",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "Restart": "always",
}


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined, comments left out."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


def last(word: str) -> str:
    return [rest for name, rest in instructions() if name == word][-1]


def compose() -> dict[str, Any]:
    text = (DEPLOY / "docker-compose.steward.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded


def unit(path: Path) -> dict[str, list[str]]:
    """A unit's settings; each may be given several times."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_image_is_built_in_one_stage_and_run_from_another() -> None:
    stages = [rest for word, rest in instructions() if word == "FROM"]
    assert [stage.rpartition(" AS ")[2] for stage in stages] == ["build", "run"]
    assert all(re.match(r"python:3\.\d+-slim ", stage) for stage in stages)


def test_the_image_runs_as_nobody_in_particular() -> None:
    after_run = instructions()[[word for word, _ in instructions()].index("USER") :]
    assert last("USER") == "10001:10001"
    assert {word for word, _ in after_run}.isdisjoint({"RUN", "COPY", "ADD"})


def test_the_image_installs_only_what_the_lock_names() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and " install " in rest and "pip" in rest]
    assert installs
    for command in re.split(r"&&", " && ".join(installs)):
        if "pip install" in command:
            assert "--require-hashes" in command or "--no-deps" in command


def test_the_image_takes_what_exists_and_nothing_else() -> None:
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    names = {name for names in copied for name in names}
    assert [name for name in names if not (ROOT / name).exists()] == []
    allowed = {
        line[1:]
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    assert names == allowed


def test_the_image_says_whether_it_is_well_without_a_proxy() -> None:
    assert "/healthz" in last("HEALTHCHECK")
    assert "ProxyHandler({})" in last("HEALTHCHECK")
    assert last("ENTRYPOINT") == '["steward"]'
    assert last("CMD") == '["serve"]'


def test_the_image_holds_no_secret() -> None:
    given = " ".join(rest for word, rest in instructions() if word in ("ENV", "ARG"))
    secrets = [setting.variable for setting in settings.TABLE if setting.secret]
    assert [name for name in secrets if name in given] == []


@pytest.mark.parametrize("name", ["steward-web", "steward-worker"])
def test_a_service_is_told_only_what_settings_understand(name: str, tmp_path: Path) -> None:
    environment = {
        key: re.sub(r"\$\{\w+:-(\w[\w-]*)\}", r"\1", value)
        for key, value in compose()["services"][name]["environment"].items()
    }
    texts = {"steward_database_url": "postgresql://steward:x@steward-postgresql/steward"}
    for key, value in environment.items():
        if key.endswith("_FILE"):
            file = tmp_path / Path(value).name
            file.write_text(texts.get(file.name, "0123456789abcdef" * 4), encoding="utf-8")
            environment[key] = str(file)
    told = settings.Settings.from_environ(environment)
    told.require("zammad_url", "zammad_token", "webhook_secret", "secret_key")
    assert told.database == "postgresql://steward-postgresql/steward"
    assert told.mode == "observe"
    assert told.customer_mail is False


@pytest.mark.parametrize("name", ["steward-web", "steward-worker"])
def test_a_service_has_no_rights_it_does_not_need(name: str) -> None:
    service = compose()["services"][name]
    assert service["image"] == f"zammad-steward:{version()}"
    assert service["command"][0] in WORDS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service


def test_every_secret_a_service_reads_is_handed_to_it() -> None:
    file = compose()
    for service in file["services"].values():
        read = {Path(value).name for value in service["environment"].values() if str(value).startswith("/run/secrets/")}
        assert read <= set(service["secrets"]) <= set(file["secrets"])


def test_the_stack_defines_each_volume_and_service_it_names() -> None:
    file = compose()
    for service in file["services"].values():
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(file["volumes"])
        assert set(service.get("depends_on", [])) <= set(file["services"])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_hardened(path: Path) -> None:
    found = unit(path)
    assert {name: found.get(name, ["not set"])[0] for name in HARDENING} == HARDENING
    assert re.fullmatch(r"/opt/steward/bin/steward (serve|%i)", found["ExecStart"][0])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_hands_over_every_secret_it_names(path: Path) -> None:
    found = unit(path)
    handed = {credential.partition(":")[0] for credential in found["LoadCredential"]}
    named = dict(entry.partition("=")[::2] for entry in found["Environment"])
    assert all(settings.is_known(name) for name in named)
    assert {value.removeprefix("%d/") for value in named.values()} == handed


def test_the_units_differ_only_in_what_they_start() -> None:
    one, many = (unit(path) for path in UNITS)
    differing = {name for name in one.keys() | many.keys() if one.get(name) != many.get(name)}
    assert differing == {"Description", "ExecStart"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong_with_a_unit(path: Path, tmp_path: Path) -> None:
    # every line a section or a setting: what can be told without systemd
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.match(r"\[(Unit|Service|Install)\]$|[A-Z]\w*=", line)] == []
    analyze = shutil.which("systemd-analyze")
    if analyze:
        copy = tmp_path / path.name
        text = path.read_text(encoding="utf-8").replace("/opt/steward/bin/steward", sys.executable)
        copy.write_text(text, encoding="utf-8")
        verified = subprocess.run(
            [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
        )
        assert [line for line in verified.stderr.splitlines() if copy.name in line] == []
