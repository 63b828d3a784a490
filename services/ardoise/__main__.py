"""`python -m ardoise`: the same as the command `ardoise`."""

from ardoise.cli import main

if __name__ == "__main__":
    main()
