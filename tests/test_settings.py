"""Settings: read from the environment and the command line, strict, and each one documented."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fhir_server.settings import SettingError, Settings, default_text, variable

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(FHIR_SERVER_[A-Z_]+)` \|(?: `(.*?)`)? \| (.+) \|$", re.MULTILINE)


def test_defaults_suit_one_developer() -> None:
    settings = Settings.load({"PATH": "/bin"})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.store == "sqlite:///data/fhir.sqlite"
    assert settings.programmes == ("mappings.sesame",)
    assert not settings.allow_open_access


def test_values_are_read_by_their_kind() -> None:
    settings = Settings.load(
        {
            "FHIR_SERVER_PORT": "9000",
            "FHIR_SERVER_DEMO": "Yes",
            "FHIR_SERVER_CORS_ORIGINS": "https://a.example, https://b.example",
            "FHIR_SERVER_BASE_URL": "https://fhir.example/fhir/",
            "FHIR_SERVER_TIME_ZONE": "Indian/Reunion",
            "FHIR_SERVER_PROGRAMMES": "",
            "FHIR_SERVER_HOST": "",
        }
    )
    assert settings.port == 9000
    assert settings.demo is True
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.base_url == "https://fhir.example/fhir"
    assert settings.time_zone == "Indian/Reunion"
    assert settings.programmes == ()
    assert settings.host == "127.0.0.1"


def test_options_win_over_variables() -> None:
    settings = Settings.load({"FHIR_SERVER_PORT": "9000"}, {"port": 9001, "host": None, "demo": True})
    assert (settings.port, settings.host, settings.demo) == (9001, "127.0.0.1", True)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FHIR_SERVER_PORT": "http"}, "FHIR_SERVER_PORT is 'http': expected a whole number from 0 to 65535"),
        ({"FHIR_SERVER_PORT": "70000"}, "from 0 to 65535"),
        ({"FHIR_SERVER_DEMO": "maybe"}, "true or false"),
        ({"FHIR_SERVER_BASE_URL": "fhir.example"}, "a URL such as"),
        ({"FHIR_SERVER_CORS_ORIGINS": "https://a.example,https://b.example/"}, "expected origins such as"),
        ({"FHIR_SERVER_CORS_ORIGINS": '["https://a.example"]'}, "separated by commas"),
        ({"FHIR_SERVER_ALLOWED_HOSTS": "http://a.example"}, "expected host names"),
        ({"FHIR_SERVER_BASE_URL": "http://"}, "a URL such as"),
        ({"FHIR_SERVER_BASE_URL": "http://[/fhir"}, "a URL such as"),
        ({"FHIR_SERVER_BASE_URL": "http://fhir.example/a b"}, "a URL such as"),
        ({"FHIR_SERVER_BASE_URL": "http://fhir.example:99999/fhir"}, "a URL such as"),
        ({"FHIR_SERVER_TIME_ZONE": "Mars/Olympus"}, "time zone"),
        ({"FHIR_SERVER_PAGE_COUNT_MAX": "10"}, "FHIR_SERVER_PAGE_COUNT_DEFAULT is 20: expected at most"),
        ({"FHIR_SERVER_PROT": "1"}, "FHIR_SERVER_PROT is not a setting; did you mean FHIR_SERVER_PORT?"),
        ({"FHIR_SERVER_port": "1"}, "did you mean FHIR_SERVER_PORT?"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError) as raised:
        Settings.load(environment)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_bad_option_is_named_as_the_option() -> None:
    with pytest.raises(SettingError, match=r"^--port is '70000'"):
        Settings.load({}, {"port": 70_000})


def test_test_variables_are_left_alone() -> None:
    assert Settings.load({"FHIR_SERVER_TEST_ANYTHING": "x"}) == Settings.load({})


def test_every_setting_is_documented_with_its_default() -> None:
    documented: dict[str, Any] = {name: default for name, default, _ in ROW.findall(PAGE.read_text())}
    assert documented == {variable(item.name): default_text(item) for item in fields(Settings)}
