//! The page as text; `tests/cache_html.rs` opens it in a browser.
