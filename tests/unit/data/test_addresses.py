"""No store is opened at an address that hands out the keys of a machine in a cloud."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.data.addresses import check_store
from jupyter_aml.data.stores import open_url
from jupyter_aml.domain.errors import Refused


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://169.254.169.254/", {}),
        ("https://169.254.169.254:8080/latest/x.csv?key=1", {}),
        ("http://[fe80::1]/x", {}),
        ("http://2852039166/latest", {}),
        ("sftp://169.254.169.254/x", {}),
        ("webhdfs://169.254.169.254:50070/x", {}),
        ("s3://bucket/x", {"endpoint_url": "http://169.254.169.254"}),
        ("s3://bucket/x", {"client_kwargs": {"endpoint_url": "http://169.254.170.2/"}}),
    ],
)
def test_such_an_address_is_refused_before_it_is_asked(url: str, options: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="is refused"):
        open_url(url, options)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://127.0.0.1:1/x", {}),
        ("memory://place", {}),
        ("s3://169.254.169.254/x", {}),
        ("https://no-such-host.invalid/x", {}),
        ("s3://bucket", {"endpoint_url": "http://127.0.0.1:9000", "key": "a"}),
    ],
)
def test_others_are_left_to_who_opens_them(url: str, options: dict[str, Any]) -> None:
    check_store(url, options)
