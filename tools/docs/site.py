"""What the site needs beyond mkdocs: folders in its navigation, and links to code, which on the site lead to the repository."""
import posixpath
import re
import shutil
from pathlib import Path

from mkdocs.utils import get_relative_url

LINK = re.compile(r"(?<!!)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
REPOSITORY = Path(__file__).parents[2]

# With it pages that are opened as files are searched too. The theme would fetch it from a network.
SHIM = "https://unpkg.com/iframe-worker/shim"
SHIPPED = "assets/javascripts/iframe-worker.js"


def on_config(config):
    """A folder in the navigation, with a slash at its end, is all of its pages by name."""
    for group in config.nav:
        for pages in group.values():
            for page in pages if isinstance(pages, list) else []:
                for title, path in page.items():
                    if path.endswith("/"):
                        page[title] = [path + file.name for file in sorted((REPOSITORY / "docs" / path).glob("*.md"))]
    return config


def on_page_markdown(markdown, page, config, files):
    def to_repository(match):
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match[1]))
        if path.startswith("docs/") and files.get_file_from_path(path.removeprefix("docs/")):
            return match[0]
        if not (REPOSITORY / path).exists():
            return match[0]  # strict mode says where it stands
        kind = "tree" if (REPOSITORY / path).is_dir() else "blob"
        return f"]({config.repo_url}/{kind}/main/{path}{match[2] or ''})"

    return LINK.sub(to_repository, markdown)


def on_post_page(output, page, config):
    return output.replace(SHIM, get_relative_url(SHIPPED, page.url))


def on_post_build(config):
    shutil.copy(REPOSITORY / "bin/site/node_modules/iframe-worker/shim/index.js", Path(config.site_dir) / SHIPPED)
