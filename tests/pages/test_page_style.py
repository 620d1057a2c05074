"""The dashboard's style is in Streamlit's page; everything else is served as it was."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from pages.components.page_style import PageStyle

PAGE = '<html><body><p>ä</p><div id="root"></div></body></html>'
STYLE = ".st-key-measuring { position: fixed; }"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client(tmp_path):
    style, page = tmp_path / "style.css", tmp_path / "index.html"
    style.write_text(STYLE, encoding="utf-8")
    page.write_text(PAGE, encoding="utf-8")

    def stream(request):
        packed = "gzip" in request.headers.get("accept-encoding", "")
        text = gzip.compress(PAGE.encode()) if packed else PAGE.encode()
        parts = (text[begin : begin + 7] for begin in range(0, len(text), 7))
        headers = {"content-encoding": "gzip"} if packed else {}
        return StreamingResponse(parts, headers=headers, media_type="text/html")

    routes = [
        Route("/stream", stream),
        Route("/other", lambda _: HTMLResponse("<html><body>Scan this</body></html>")),
        Route("/missing", lambda _: HTMLResponse(PAGE, status_code=404)),
        Route("/report.html", lambda _: HTMLResponse(PAGE)),
        Route("/text", lambda _: PlainTextResponse(PAGE)),
        Mount("/", StaticFiles(directory=tmp_path, html=True)),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(PageStyle, style=style)]))


@pytest.mark.parametrize("path", ["/", "/stream"])
def test_style_is_in_the_page_before_anything_is_drawn(client, path):
    answer = client.get(path, headers=BROWSER)
    assert answer.text == PAGE.replace("</div>", f"</div><style>{STYLE}</style>")
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)


def test_a_browser_that_has_the_page_without_the_style_gets_it_anew(client):
    without = client.get("/", headers={"accept": "*/*"})
    assert without.text == PAGE
    kept = {"if-none-match": without.headers["etag"]}
    assert client.get("/", headers={"accept": "*/*"} | kept).status_code == 304
    answer = client.get("/", headers=BROWSER | kept)
    assert STYLE in answer.text
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers


@pytest.mark.parametrize("path", ["/other", "/missing", "/text", "/report.html"])
def test_what_is_not_the_page_stays_as_it_is(client, path):
    answer = client.get(path, headers=BROWSER)
    assert STYLE not in answer.text
    assert answer.text == client.get(path, headers={"accept": "*/*"}).text
