"""Fixtures for the tests of a plugin; pytest loads this by itself where zhupei is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zhupei.hooks.dispatch import Dispatcher
    from zhupei.hooks.manager import PluginHost

__all__ = ["dispatcher", "plugin_host", "pytest_configure"]

# The inherited tests then show the values that they compare, as the plugin's own tests do.
pytest.register_assert_rewrite("zhupei.testing.contract")


def pytest_configure(config: pytest.Config) -> None:
    """Explain our marker."""
    config.addinivalue_line(
        "markers",
        "zhupei_rights(*rights): who names the plugin of `plugin_host`: institution (default), "
        "jurisdiction or platform",
    )


@pytest.fixture
def plugin_host(request: pytest.FixtureRequest) -> PluginHost:
    """The plugin in whose project the test stands, loaded strictly, beside the core's own."""
    # Here, not at the top: runs of pytest without such a test need not wait for it.
    from zhupei.hooks.scope import Rights  # noqa: PLC0415 - see above
    from zhupei.testing.plugins import load_plugin, slug_of_project  # noqa: PLC0415 - see above

    project = next(
        folder for folder in Path(request.path).parents if (folder / "pyproject.toml").exists()
    )
    marker = request.node.get_closest_marker("zhupei_rights")
    names = marker.args if marker is not None else ("institution",)
    rights = tuple(Rights(name) for name in names)
    return load_plugin(project, slug_of_project(project), rights=rights)


@pytest.fixture
def dispatcher(plugin_host: PluginHost) -> Dispatcher:
    """Asks the plugins of `plugin_host`."""
    from zhupei.hooks.dispatch import Dispatcher  # noqa: PLC0415 - see above

    return Dispatcher(plugin_host)
