"""Whether a map tells what its network used: perturbed scans, random maps to compare with, and one word at the end."""
