"""What a person hears and where: choosing it, and ending one kind of e-mail from within it."""
