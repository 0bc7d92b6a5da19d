"""Speed, as ratios to a limit measured in the same run: the machines are shared and noisy, ratios are not."""
