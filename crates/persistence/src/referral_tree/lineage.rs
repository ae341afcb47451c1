//! What a row has from the rows above it.

/// How many ancestors `upline` keeps.
const UPLINE: usize = 15;
/// How many accounts `ancestor_path` keeps; longer paths begin with `/…/`, or a deep chain would take quadratic space.
const PATH: usize = 64;

/// What a row has from the rows above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The nearest 15 ancestors, nearest first.
    pub upline: Vec<String>,
    /// 15 reached, or an account without referrer.
    pub complete: bool,
    /// Ancestors up to the root. None: in or below a cycle, or below a missing row.
    pub depth: Option<i32>,
    /// `/` for a root; else from the top down to the direct referrer: `/top/…/direct/`. None as `depth`.
    pub path: Option<String>,
}

impl Lineage {
    /// Of an account without referrer.
    pub fn root() -> Self {
        Self { upline: Vec::new(), complete: true, depth: Some(0), path: Some("/".to_owned()) }
    }

    /// Of an account whose referrer is `referrer`; `above` is the referrer's own lineage, None if it has no live row.
    pub fn below(referrer: &str, above: Option<&Self>) -> Self {
        let Some(above) = above else {
            return Self { upline: vec![referrer.to_owned()], complete: false, depth: None, path: None };
        };
        let mut upline = Vec::with_capacity((above.upline.len() + 1).min(UPLINE));
        upline.push(referrer.to_owned());
        upline.extend(above.upline.iter().take(UPLINE - 1).cloned());
        let known = above.depth.zip(above.path.as_deref());
        Self {
            complete: above.complete || upline.len() == UPLINE,
            upline,
            depth: known.map(|(depth, _)| depth + 1),
            path: known.map(|(_, path)| extend_path(path, referrer)),
        }
    }

    /// The same, of an account with no root above it.
    pub(super) fn unrooted(mut self) -> Self {
        self.depth = None;
        self.path = None;
        self
    }
}

/// Appends `referrer` to its own path and keeps the nearest 64 accounts.
fn extend_path(path: &str, referrer: &str) -> String {
    join_path(path.split('/').chain([referrer]))
}

/// The stored form of a path from the top down; empty and `…` segments do not count as accounts.
pub fn join_path<'a>(segments: impl Iterator<Item = &'a str>) -> String {
    let mut accounts: Vec<&str> = Vec::new();
    let mut cut = false;
    for segment in segments {
        match segment {
            "" => {}
            "…" => cut = true,
            account => accounts.push(account),
        }
    }
    let beyond = accounts.len().saturating_sub(PATH);
    let mut path = if cut || beyond > 0 { "/…/".to_owned() } else { "/".to_owned() };
    for account in &accounts[beyond..] {
        path.push_str(account);
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_has_an_empty_upline_and_the_path_of_one_slash() {
        let child = Lineage::below("A", Some(&Lineage::root()));
        assert_eq!(child.upline, ["A"]);
        assert_eq!((child.complete, child.depth, child.path.as_deref()), (true, Some(1), Some("/A/")));
    }

    #[test]
    fn below_a_missing_row_nothing_is_known_but_the_referrer() {
        let child = Lineage::below("A", None);
        assert_eq!(child, Lineage { upline: vec!["A".into()], complete: false, depth: None, path: None });
        let grandchild = Lineage::below("B", Some(&child));
        assert_eq!(grandchild.upline, ["B", "A"]);
        assert_eq!((grandchild.complete, grandchild.depth), (false, None));
    }

    #[test]
    fn fifteen_ancestors_are_enough_and_sixty_four_are_shown() {
        let mut lineage = Lineage::root();
        for n in 0..70 {
            lineage = Lineage::below(&format!("D{n}"), Some(&lineage));
            assert_eq!(lineage.depth, Some(n + 1));
            let path = lineage.path.as_deref().expect("rooted");
            let shown = path.split('/').filter(|segment| !segment.is_empty() && *segment != "…").count();
            assert_eq!(shown, usize::try_from(n + 1).expect("small").min(PATH));
            assert_eq!(path.starts_with("/…/"), n + 1 > 64);
            assert!(path.ends_with(&format!("/D{n}/")));
        }
        assert_eq!(lineage.upline.len(), UPLINE);
        assert_eq!(lineage.upline[14], "D55");
    }
}
