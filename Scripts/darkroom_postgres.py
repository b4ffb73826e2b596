# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of one's own, for scripts that measure it or break it. Standard library only."""

import os
import pathlib
import shutil
import subprocess


class Postgres:
    """A server with its data in a directory of its own, run by a user other than root."""

    # Where the newest version's programs are; None where there are none.
    PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    USER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []

    def __init__(self, data, log, settings, prefix=()):
        """`prefix` is what the server's programs are started with, such as a command that enters another machine."""
        self.data, self.log, self.settings, self.prefix = data, log, settings, list(prefix)

    def create(self, *options):
        """Makes the data, which anybody who can reach the server on this machine may read as the user `postgres`."""
        if self.USER:
            self.log.touch()
            for path in (self.data.parent, self.log):
                shutil.chown(path, "postgres")
        self.command("initdb", "-U", "postgres", "-A", "trust", *options).check_returncode()

    def control(self, *words):
        """Starts or stops the server and waits; returns whether it worked."""
        flags = " ".join(f"-c {setting}" for setting in self.settings)
        return self.command("pg_ctl", *words, "--wait", "-l", self.log, "-o", flags).returncode == 0

    def command(self, program, *arguments):
        # The server keeps the output of whoever starts it.
        return subprocess.run([*self.prefix, *self.USER, self.PROGRAMS / program, *arguments, "-D", self.data], cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
