"""Finished documents, trends, delivery to headquarters, and headquarters' hub."""
