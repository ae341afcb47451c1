//! Listings as CSV (RFC 4180), written page by page as the client takes them: the rows of one page are in memory, and no
//! transaction stays open meanwhile.

use actix_web::{HttpResponse, web};
use futures::stream::try_unfold;
use persistence::views;

use crate::problem::Problem;
use crate::state::Api;

/// Rows of a page.
pub(super) const PAGE: i64 = 1000;

/// A listing that is being written.
pub(super) trait Export: Sized + 'static {
    /// The names of the columns.
    const HEADER: &'static str;
    /// The name that a browser gives to the file.
    const FILE: &'static str;

    /// The rows of the next page, and whether there are more behind them.
    fn page(&mut self) -> impl Future<Output = Result<(String, bool), Problem>>;
}

/// The entry through which a listing is to be given: the distribution watermark.
pub(super) async fn through(api: &Api) -> Result<i64, Problem> {
    let mut connection = api.connection().await?;
    let (as_of, _) = views::as_of::read(&mut connection).await?;
    Ok(as_of.distribution_seq)
}

/// What is to be written next.
enum Next<E> {
    Header(E),
    Page(E),
    Nothing,
}

/// The whole of it. `through` is the entry through which its rows are given.
pub(super) fn answer<E: Export>(export: E, through: i64) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", format!("attachment; filename=\"{}\"", E::FILE)))
        .insert_header(("x-distribution-seq", through))
        .streaming(try_unfold(Next::Header(export), write))
}

async fn write<E: Export>(next: Next<E>) -> Result<Option<(web::Bytes, Next<E>)>, Problem> {
    match next {
        Next::Header(export) => Ok(Some((format!("{}\r\n", E::HEADER).into(), Next::Page(export)))),
        Next::Page(mut export) => {
            let (rows, more) = export.page().await?;
            Ok(Some((rows.into(), if more { Next::Page(export) } else { Next::Nothing })))
        }
        Next::Nothing => Ok(None),
    }
}

/// An optional field: empty where there is nothing.
pub(super) fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// An optional field of free text.
pub(super) fn optional_text(value: Option<&str>) -> String {
    value.map_or_else(String::new, text)
}

/// A field of free text: quoted where CSV asks for it, and begun with an apostrophe where a spreadsheet would take it
/// for a formula.
pub(super) fn text(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if formula { format!("'{value}") } else { value.to_owned() };
    if guarded.contains([',', '"', '\n', '\r', '\'', ';']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_name_that_looks_like_a_formula_stays_text() {
        assert_eq!(text("D25122700015"), "D25122700015");
        assert_eq!(text("=1+1"), "\"'=1+1\"");
        assert_eq!(text("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(text("-1"), "\"'-1\"");
        assert_eq!(text("+1"), "\"'+1\"");
        assert_eq!(text("a,b"), "\"a,b\"");
        assert_eq!(text("a\"b"), "\"a\"\"b\"");
    }
}
