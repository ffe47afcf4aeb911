"""What all page tests share: one look through the installed packages, instead of one for each page.

Every `AppTest` searches all of them for components of theirs, which takes as long as a page.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(autouse=True, scope="session")
def packages_searched_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield
