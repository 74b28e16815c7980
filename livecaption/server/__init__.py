"""The network shell: sockets and pages around the core, everything it needs is handed in."""
