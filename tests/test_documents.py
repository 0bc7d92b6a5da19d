"""The documents name what there is: a command or an option that nobody can read about is not there."""

import argparse
import re

import pytest
from tiny_trainings import ROOT

from core.parser import build_parser
from core.runs import RunRecord
from core.training.presets import PRESETS


def commands() -> dict[str, argparse.ArgumentParser]:
    (subcommands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return subcommands.choices


def options() -> list[tuple[str, str]]:
    return [
        (command, option)
        for command, parser in commands().items()
        for action in parser._actions
        for option in action.option_strings
        if option not in ("-h", "--help")
    ]


def documents() -> str:
    paths = [ROOT / name for name in ("README.md", "ARCHITECTURE.md")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.exists())


def says(word: str) -> bool:
    """Whether the documents have the word by itself, not as a part of a longer one."""
    return bool(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", documents()))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command):
    assert f"python -m core {command}" in documents()


@pytest.mark.parametrize("option", sorted({option for _, option in options()}))
def test_every_option_is_documented(option):
    assert says(option), f"of {[command for command, name in options() if name == option]}"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_documented(preset):
    assert says(preset)


@pytest.mark.parametrize(
    "file",
    [
        *("run.json", "status.json", "history.csv", "index.parquet", "best.safetensors", "resume.pt"),
        *("predictions.parquet", "embeddings.npy", "operating_point.json", "log.txt"),
    ],
)
def test_every_file_of_a_run_is_documented(file):
    assert f"`{file}`" in documents()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m core ([a-z]+)", documents())) or {"demo"}))
def test_no_document_names_a_command_that_is_not_there(command):
    assert command in commands()


def test_documents_say_what_the_app_is_not_for():
    assert "research use only" in documents().lower()


def test_the_schema_of_a_run_is_documented():
    assert RunRecord.__dataclass_fields__["schema"].default == 1
    assert says("schema")
