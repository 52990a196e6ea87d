"""Institutions, people, agreements: who belongs to the cluster, and by which document."""
