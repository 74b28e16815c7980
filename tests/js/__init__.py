"""The pages' modules under node, run from pytest so that one command runs everything."""
