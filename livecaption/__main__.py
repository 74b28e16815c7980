"""``python -m livecaption``."""

from livecaption.cli import main

if __name__ == "__main__":
    main()
