"""What a network may be made of, by name; free of torch, so that a config can be read without it."""

HEADS = ("linear", "dense1024", "flatten")
CHANNELS = ("auto", "1", "3")
STAGES = 4
FREEZES = ("none", *(f"stage{number}" for number in range(1, STAGES + 1)), "backbone")
