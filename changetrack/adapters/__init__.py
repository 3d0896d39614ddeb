"""What leaves or enters the process other than by a face: files, backups."""
