"""Datasets: from what components did to versions of data worth training on."""
