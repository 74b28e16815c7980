"""How the bundled model `micro-en` is made; see README.md. Nothing here ships with livecaption."""
