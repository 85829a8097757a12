"""The proof: the forecast of the 2023 opinion, loaded, billed and pulled, equals its table to the euro."""
