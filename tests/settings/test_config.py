"""Settings: layers, both spellings everywhere, and complaints that name key, source and the nearest known key."""

import json
import tomllib
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from chatls.content import camel, snake
from chatls.errors import SettingsError
from chatls.settings import config
from chatls.settings.config import LimitSettings, ProviderSettings, Settings
from chatls.settings.configuration import Layer, merge, read_user_file, user_file

FILE, CLIENT = "config.toml", "initializationOptions"


def settings(values: Any, *later: Any) -> Settings:
    return merge([Layer(FILE, values), *(Layer(CLIENT, layer) for layer in later)])


def complaint(values: Any, *later: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(values, *later)
    return str(caught.value)


# Layers


def test_without_any_layer_the_defaults_hold() -> None:
    assert merge([]) == merge([Layer(FILE, {})]) == Settings()
    limits = Settings().limits
    assert (limits.max_steps, limits.connect_timeout, limits.first_byte_timeout) == (50, 10, 300)
    assert (limits.idle_timeout, limits.tool_timeout, limits.concurrent_tools) == (120, 60, 8)
    assert limits.tool_result_bytes == 51200


def test_later_layers_win_value_by_value() -> None:
    low = {"model": "a/b", "limits": {"maxSteps": 3, "idleTimeout": 5}, "providers": {"w": {"baseUrl": "http://a/v1"}}}
    high = {"limits": {"max_steps": 4}, "providers": {"w": {"contextWindow": 9}, "x": {"kind": "scripted"}}}
    merged = settings(low, high)
    assert merged.model == "a/b"
    assert (merged.limits.max_steps, merged.limits.idle_timeout) == (4, 5)
    assert merged.providers["w"] == ProviderSettings(base_url="http://a/v1", context_window=9)
    assert merged.providers["x"].kind == "scripted"


def test_a_list_is_replaced_and_headers_are_joined() -> None:
    low = {"tools": {"disabled": ["search"]}, "providers": {"w": {"headers": {"A": "1", "B": "1"}}}}
    high = {"tools": {"disabled": ["read_file"]}, "providers": {"w": {"headers": {"B": "2"}}}}
    merged = settings(low, high)
    assert merged.tools.disabled == ("read_file",)
    assert merged.providers["w"].headers == {"A": "1", "B": "2"}


def test_merging_changes_no_layer() -> None:
    low: dict[str, Any] = {"providers": {"w": {"headers": {"A": "1"}}}, "limits": {"maxSteps": 1}}
    high: dict[str, Any] = {"providers": {"w": {"headers": {"B": "2"}}}, "limits": {"maxSteps": 2}}
    before = deepcopy((low, high))
    first = settings(low, high)
    assert (low, high) == before
    assert settings(low, high) == first


def test_null_unsets_what_may_be_unset() -> None:
    assert settings({"model": "a/b"}, {"model": None}).model is None


def test_null_for_what_cannot_be_unset_counts_as_absent() -> None:
    nothing = {"tools": None, "limits": {"toolTimeout": None}, "providers": None, "permissions": None}
    low = {"limits": {"toolTimeout": 7}, "providers": {"x": {"kind": "ollama"}}}
    assert settings(low, nothing, {"providers": {"y": None}}) == settings(low)


# Spelling


def test_both_spellings_are_accepted_at_every_depth() -> None:
    camel_case = {
        "providers": {"w": {"baseUrl": "http://a/v1", "apiKeyEnv": "K", "inlineToolCalls": "off", "modelPath": "m"}},
        "parameters": {"maxOutputTokens": 5},
        "limits": {"firstByteTimeout": 1.5, "toolResultBytes": 2048},
    }
    snake_case = {
        "providers": {
            "w": {"base_url": "http://a/v1", "api_key_env": "K", "inline_tool_calls": "off", "model_path": "m"}
        },
        "parameters": {"max_output_tokens": 5},
        "limits": {"first_byte_timeout": 1.5, "tool_result_bytes": 2048},
    }
    assert settings(camel_case) == settings(snake_case)
    assert settings({"limits": {"maxSteps": 1}}, {"limits": {"max_steps": 2}}).limits.max_steps == 2
    assert settings({"limits": {"max_steps": 1}}, {"limits": {"maxSteps": 2}}).limits.max_steps == 2


def test_names_that_people_chose_are_left_alone() -> None:
    names = ["myServer", "my_server", "my-server", "Größe", "a.b", "openai"]
    headers = {"X-Api_Key": "1", "x_under": "2", "XCamel": "3"}
    merged = settings({"providers": {name: {"kind": "openai_chat", "headers": headers} for name in names}})
    assert list(merged.providers) == names
    assert all(provider.headers == headers for provider in merged.providers.values())


def fields(model: type[BaseModel]) -> list[str]:
    """All field names, of the settings inside too."""
    nested = [item.annotation for item in model.model_fields.values() if isinstance(item.annotation, type)]
    inner = [name for kind in nested if issubclass(kind, BaseModel) for name in fields(kind)]
    return [*model.model_fields, *inner]


@pytest.mark.parametrize("name", sorted({*fields(Settings), *fields(ProviderSettings)}))
def test_every_key_of_ours_survives_the_way_to_the_wire_and_back(name: str) -> None:
    assert snake(camel(name)) == snake(name) == name


# What is refused


@pytest.mark.parametrize(
    ("values", "key", "near"),
    [
        ({"modle": "a/b"}, "modle", "did you mean 'model'?"),
        ({"limits": {"maxStep": 1}}, "limits.maxStep", "did you mean 'maxSteps'?"),
        ({"limits": {"max_step": 1}}, "limits.max_step", "did you mean 'maxSteps'?"),
        ({"providers": {"w": {"baseURL": "x"}}}, "providers.w.baseURL", "did you mean 'baseUrl'?"),
        ({"providers": {"w": {"apiKey": "sk-1"}}}, "providers.w.apiKey", "did you mean 'apiKeyEnv'?"),
        ({"providers": {"w": {"base": {"url": 1}}}}, "providers.w.base", "did you mean 'baseUrl'?"),
        ({"tools": {"zzz": 1}}, "tools.zzz", "known keys: disabled"),
        (
            {"": 1},
            "",
            f"known keys: {', '.join(Settings.model_fields)}",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_source_and_the_nearest_known_one(values: Any, key: str, near: str) -> None:
    text = complaint({}, values)
    assert text == f"unknown setting {key!r} in {CLIENT}; {near}"


def test_a_key_that_stands_in_the_settings_by_mistake_is_not_repeated() -> None:
    assert "sk-secret" not in complaint({"providers": {"w": {"apiKey": "sk-secret"}}})
    assert "sk-secret" not in complaint({"providers": {"w": {"apiKeyEnv": {"value": "sk-secret"}}}})
    assert "sk-secret" not in complaint({"providers": {"w": {"kind": "sk-secret"}}})


@pytest.mark.parametrize("values", [5, "text", ["a"], True])
def test_what_is_no_object_is_refused_at_every_depth(values: Any) -> None:
    assert complaint({}, values) == f"settings ({CLIENT}): must be an object"
    assert complaint({}, {"limits": values}) == f"limits ({CLIENT}): must be an object"
    assert complaint({}, {"providers": {"w": values}}) == f"providers.w ({CLIENT}): must be an object"
    assert "setting 'providers' in " + CLIENT in complaint({}, {"providers": values})


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"model": 5}, "model"),
        ({"limits": {"maxSteps": "many"}}, "limits.maxSteps"),
        ({"limits": {"max_steps": 1.5}}, "limits.maxSteps"),
        ({"limits": {"maxSteps": -1}}, "limits.maxSteps"),
        ({"limits": {"idleTimeout": -0.5}}, "limits.idleTimeout"),
        ({"limits": {"idleTimeout": float("nan")}}, "limits.idleTimeout"),
        ({"limits": {"concurrentTools": 0}}, "limits.concurrentTools"),
        ({"limits": {"toolResultBytes": 10}}, "limits.toolResultBytes"),
        ({"parameters": {"temperature": 3}}, "parameters.temperature"),
        ({"parameters": {"thinking": "much"}}, "parameters.thinking"),
        ({"parameters": {"maxOutputTokens": 0}}, "parameters.maxOutputTokens"),
        ({"tools": {"disabled": "search"}}, "tools.disabled"),
        ({"tools": {"disabled": ["search", 5]}}, "tools.disabled.1"),
        ({"providers": {"w": {"kind": "azure"}}}, "providers.w.kind"),
        ({"providers": {"myServer": {"contextWindow": 0}}}, "providers.myServer.contextWindow"),
        ({"providers": {"my_server": {"stream": "no"}}}, "providers.my_server.stream"),
        ({"providers": {"w": {"apiKeyCommand": "pass show"}}}, "providers.w.apiKeyCommand"),
        ({"providers": {"w": {"headers": {"X-Api_Key": 5}}}}, "providers.w.headers.X-Api_Key"),
        ({"providers": {"w": {"headers": ["A: 1"]}}}, "providers.w.headers"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_source(values: Any, key: str) -> None:
    assert complaint({}, values).startswith(f"setting {key!r} in {CLIENT}: Input should be ")
    assert complaint(values, {}).startswith(f"setting {key!r} in {FILE}: Input should be ")


@pytest.mark.parametrize("name", ["w", "myServer", "my_server"])
def test_the_source_is_the_layer_that_gave_the_value_and_no_other(name: str) -> None:
    good = {"providers": {name: {"baseUrl": "http://a/v1", "contextWindow": 5, "headers": {"X-A": "1", "Y_b": "1"}}}}
    for bad in ({"contextWindow": -1}, {"base_url": 5}, {"headers": {"Y_b": 5}}):
        layer = {"providers": {name: bad}}
        assert f" in {CLIENT}: " in complaint(good, layer)
        assert f" in {FILE}: " in complaint(layer, {"providers": {name: {"kind": "openai_chat"}}})
        assert settings(layer, good) == settings(good), "a later layer mends it"


# Limits


@pytest.mark.parametrize("name", ["max_steps", "connect_timeout", "first_byte_timeout", "idle_timeout", "tool_timeout"])
def test_zero_is_accepted_where_it_switches_a_limit_off(name: str) -> None:
    assert getattr(settings({"limits": {camel(name): 0}}).limits, name) == 0


def test_durations_may_be_fractions() -> None:
    assert settings({"limits": {"toolTimeout": 0.25}}).limits.tool_timeout == 0.25


def test_every_limit_has_a_default() -> None:
    for name, item in LimitSettings.model_fields.items():
        assert not item.is_required(), name


# The user's file


def test_without_a_file_there_is_no_layer(tmp_path: Path) -> None:
    assert read_user_file(tmp_path / "config.toml") is None


def test_the_file_is_a_layer_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'model = "w/m"\n[providers.w]\nbase_url = "http://a/v1"\napi_key_command = ["pass", "show"]\n', "utf-8"
    )
    layer = read_user_file(path)
    assert layer is not None
    assert layer.source == str(path)
    assert merge([layer]).providers["w"].api_key_command == ("pass", "show")
    path.write_text("[limits]\nmax_step = 1\n")
    layer = read_user_file(path)
    assert layer is not None
    with pytest.raises(SettingsError, match=r"'limits.max_step' in .*config.toml, line 2; did you mean 'max_steps'\?"):
        merge([layer])


SLIPS = """\
modle = "a/b"

[limits]
max_steps = "many"
toolTimeout = -1

[providers.my_server]
base_ulr = "http://a/v1"
kind = "azure"
headers = { X-A = 5 }

[providers.other]
stream = "never"

[[permissions]]
tool = "search"
action = "allow"

[[permissions]]
tol = "*"
action = "may"
"""


def refused_file(path: Path, text: str, *later: Any) -> list[str]:
    """What is wrong with a settings file, a line for each fault, without its path."""
    path.write_text(text, "utf-8")
    layer = read_user_file(path)
    assert layer is not None
    with pytest.raises(SettingsError) as refused:
        merge([layer, *(Layer(CLIENT, values) for values in later)])
    return str(refused.value).replace(f"{path}, ", "").split("\n")


def test_all_slips_of_a_file_are_told_at_once_in_its_own_words_with_their_lines(tmp_path: Path) -> None:
    kinds = "'openai_chat', 'openai_responses', 'anthropic', 'ollama', 'gemini', 'local', 'scripted'"
    assert refused_file(tmp_path / "config.toml", SLIPS) == [
        "unknown setting 'modle' in line 1; did you mean 'model'?",
        "unknown setting 'providers.my_server.base_ulr' in line 8; did you mean 'base_url'?",
        "unknown setting 'permissions.1.tol' in line 20; did you mean 'tool'?",
        f"setting 'providers.my_server.kind' in line 9: must be one of {kinds}",
        "setting 'providers.my_server.headers.X-A' in line 10: must be a string",
        "setting 'limits.max_steps' in line 4: must be an integer",
        "setting 'limits.toolTimeout' in line 5: must be at least 0",
        "setting 'permissions.1.action' in line 21: must be one of 'allow', 'ask', 'deny'",
    ]


def test_slips_of_a_file_and_of_the_client_are_told_together_each_in_its_own_words(tmp_path: Path) -> None:
    assert refused_file(tmp_path / "config.toml", "[limits]\nmax_step = 1\n", {"limits": {"max_step": 1}}) == [
        "unknown setting 'limits.max_step' in line 2; did you mean 'max_steps'?",
        f"unknown setting 'limits.max_step' in {CLIENT}; did you mean 'maxSteps'?",
    ]


def test_what_should_be_a_table_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert refused_file(path, "limits = 5\n") == ["limits (line 1): must be a table"]
    assert refused_file(path, "providers = 5\n") == ["setting 'providers' in line 1: must be a table"]
    assert refused_file(path, "permissions = 5\n") == ["setting 'permissions' in line 1: must be an array"]


@pytest.mark.parametrize("data", [b"model = ", b"[limits\n", b"a = 1\na = 2\n", b"\xff\xfe", b'model = "\x00"'])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match=r"config.toml: "):
        read_user_file(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=str(tmp_path)):
        read_user_file(tmp_path)


def test_what_toml_knows_and_json_does_not_is_refused_like_any_other_value() -> None:
    values = tomllib.loads("model = 2024-01-01\n")
    assert complaint(values).startswith(f"setting 'model' in {FILE}: ")


def test_the_users_file_lies_in_the_users_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_file().parts[-2:] == ("chatls", "config.toml")


# Whatever comes

KEYS = st.sampled_from(["w", "myServer", "X", *map(camel, fields(Settings)), *fields(ProviderSettings)])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3))
def test_whatever_a_client_sends_the_answer_is_settings_or_words(layers: list[dict[str, Any]]) -> None:
    with suppress(SettingsError):
        merged = settings({}, *layers)
        again = json.loads(merged.model_dump_json(by_alias=True, exclude_unset=True))
        assert settings(again).limits == merged.limits


def test_kinds_are_those_of_the_protocol() -> None:
    kinds = {"openai_chat", "openai_responses", "anthropic", "ollama", "gemini", "local", "scripted"}
    assert set(get_args(config.ProviderKind)) == kinds


# Permissions


def test_rules_are_read_in_both_spellings_and_as_toml_writes_them() -> None:
    text = '[[permissions]]\ntool = "edit_file"\npath = "src/**"\naction = "allow"\n'
    text += '[[permissions]]\ntool = "*"\naction = "ask"\n'
    first, second = settings(tomllib.loads(text)).permissions
    assert (first.tool, first.path, first.command, first.action) == ("edit_file", "src/**", None, "allow")
    assert (second.tool, second.path, second.command, second.action) == ("*", None, None, "ask")


def test_rules_of_all_layers_count_so_that_none_lifts_a_deny() -> None:
    low = {"permissions": [{"tool": "run_command", "command": "git push", "action": "deny"}]}
    high = {"permissions": [{"tool": "*", "action": "allow"}]}
    before = deepcopy((low, high))
    assert [rule.action for rule in settings(low, high).permissions] == ["deny", "allow"]
    assert [rule.action for rule in settings(low, {"permissions": []}).permissions] == ["deny"]
    assert (low, high) == before


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"tool": "x", "action": "maybe"}, "'permissions.1.action' in initializationOptions"),
        ({"action": "allow"}, "'permissions.1.tool' in initializationOptions"),
        ({"tool": "", "action": "allow"}, "'permissions.1.tool'"),
        ({"tool": "x", "action": "allow", "command": ""}, "'permissions.1.command'"),
        ({"tool": "x", "action": "allow", "command": "a 'b"}, "'permissions.1.command'"),
        ({"tool": "x", "action": "allow", "path": "a\nb"}, "'permissions.1.path'"),
        ({"tool": "x", "action": "allow", "path": 400 * "x"}, "'permissions.1.path'"),
        ({"tool": "x", "action": "allow", "path": "!"}, "'permissions.1.path'"),
        ({"tool": "x", "action": "allow", "path": "a", "command": "b"}, "path and command exclude each other"),
        (
            {"tool": "x", "action": "allow", "paths": "a"},
            "unknown setting 'permissions.0.paths' in initializationOptions; did you mean 'path'?",
        ),
        ("x", "permissions.0 (initializationOptions): must be an object"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(rule: Any, words: str) -> None:
    low = {"permissions": [{"tool": "*", "action": "ask"}]}
    assert words in complaint(low, {"permissions": [rule]})


@pytest.mark.parametrize("value", ["x", {"tool": "*"}, 1])
def test_rules_that_are_no_list_are_refused(value: Any) -> None:
    assert "permissions" in complaint({"permissions": [{"tool": "*", "action": "ask"}]}, {"permissions": value})
    assert "permissions" in complaint({"permissions": value})
    assert settings({"permissions": value}, {"permissions": []}).permissions == ()
