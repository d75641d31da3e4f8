"""One module a command of the command line; ``vrrplab.commands.cli`` imports only the one that was asked for.

Each module has ``add_arguments(parser)``, which declares the command's arguments on an
``argparse.ArgumentParser``, and ``run(args) -> int``, which does the work and returns the exit code:
0 done, 1 a check or an expectation failed. Bad input is raised as a ``VrrplabError``; the command line
turns it into one line and exit code 2.
"""
