"""The command ``steward``: a door to every room a person or an init system needs."""

from __future__ import annotations

import click

from plugin.cli.case import case
from plugin.cli.demo import demo
from plugin.cli.errors import StewardGroup
from plugin.cli.pack import pack
from plugin.cli.sandbox import sandbox
from plugin.cli.serve import pause, resume, serve, web, worker


@click.group(cls=StewardGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zammad-steward", prog_name="steward")
def main() -> None:
    """Keep the promises of a service standard on a Zammad helpdesk."""


for command in (serve, web, worker, demo, sandbox, case, pack, pause, resume):
    main.add_command(command)
