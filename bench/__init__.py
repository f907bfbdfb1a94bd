"""How fast it is on this machine, as ratios to floors measured in the same run. `python3 -m sipvote bench`."""
