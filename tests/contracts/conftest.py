from tests.support.doors import clock, functions, governed

__all__ = ["clock", "functions", "governed"]
