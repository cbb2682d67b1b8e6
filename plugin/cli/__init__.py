"""The command ``steward``: a door to every room a person or an init system needs."""

from __future__ import annotations

import click

from plugin.cli.doors import Doors

DOORS = {
    "serve": "plugin.cli.serve:serve",
    "web": "plugin.cli.serve:web",
    "worker": "plugin.cli.serve:worker",
    "demo": "plugin.cli.demo:demo",
    "sandbox": "plugin.cli.sandbox:sandbox",
    "case": "plugin.cli.case:case",
    "pack": "plugin.cli.pack:pack",
    "pause": "plugin.cli.serve:pause",
    "resume": "plugin.cli.serve:resume",
}


@click.group(cls=Doors, doors=DOORS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zammad-steward", prog_name="steward")
def main() -> None:
    """Keep the promises of a service standard on a Zammad helpdesk."""
