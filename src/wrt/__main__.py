"""`python -m wrt`: the command line."""

from wrt.cli import main

if __name__ == "__main__":
    main(prog_name="wrt")
