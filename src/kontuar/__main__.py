"""`python -m kontuar`."""

from kontuar.tools.cli import main

if __name__ == "__main__":
    main()
