"""ChangeTrack: customer adoption through Kotter's eight steps, with value counted only from confirmed use."""
