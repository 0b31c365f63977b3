"""What builds and checks the repository, and is deployed nowhere."""
