"""What tests of the whole chain share; the chain itself is in tests/chain.py, since the contracts run on it too."""

from tests.chain import AZURE_KEY, MASTER_KEY, Hybrid, environment_of, hybrid_settings, in_memory, is_alive

__all__ = ["AZURE_KEY", "MASTER_KEY", "Hybrid", "environment_of", "hybrid_settings", "in_memory", "is_alive"]
