"""Classify: what an example is about and how hard it is, by stated rules on its words."""

from ratchet.datasets.extract.classify.difficulty import difficulty_of
from ratchet.datasets.extract.classify.domain import domain_of
from ratchet.datasets.extract.classify.task_type import task_type_of
from ratchet.datasets.extract.classify.tokens import tokens_of

__all__ = ["difficulty_of", "domain_of", "task_type_of", "tokens_of"]
