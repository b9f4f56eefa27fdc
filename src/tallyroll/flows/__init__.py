"""What happens next: the node's and the centre's processions, wired from the rooms below."""
