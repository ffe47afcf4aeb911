"""`streamlit run app.py`: the web server around `pages/router.py`, and nothing else.

An ASGI app of our own (rather than a plain script) for four reasons: the script's folder is then
`pages/`, so a cold server opened at any page's address runs the router first; security headers go
with every answer; the chart library is served from this machine; and what pages are made of is
imported while the first visitor's browser still starts.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.browser import BrowserCookie
from pages.ui.errors import say_unexpected
from pages.ui.server import ROUTES, SecurityHeaders
from pages.ui.warming import warming

app = st.App(
    Path(__file__).resolve().parent / "pages" / "router.py",
    routes=ROUTES,
    middleware=[Middleware(SecurityHeaders), Middleware(BrowserCookie)],
    on_script_error=say_unexpected,
    lifespan=warming,
)
