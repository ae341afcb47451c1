//! How users hang together: five kinds of trees grow side by side.

use rand::Rng;

/// A chain this long is closed and the next one begins.
const LONGEST_CHAIN: usize = 40;
/// A star this wide likewise.
const WIDEST_STAR: usize = 120;

/// Trees that grow; gives each new user its referrer.
#[derive(Debug, Default)]
pub(super) struct Forest {
    chain: Vec<usize>,
    star: Vec<usize>,
    ternary: Vec<usize>,
    bush: Vec<usize>,
}

impl Forest {
    /// The referrer of `user`, which is later than all before; none for a root.
    pub(super) fn join(&mut self, user: usize, rng: &mut impl Rng) -> Option<usize> {
        match rng.random_range(0..100) {
            0..25 => self.join_chain(user, rng),
            25..45 => self.join_star(user, rng),
            45..65 => {
                let place = self.ternary.len();
                self.ternary.push(user);
                place.checked_sub(1).map(|before| self.ternary[before / 3])
            }
            65..97 => {
                let referrer =
                    (!self.bush.is_empty()).then(|| self.bush[rng.random_range(0..self.bush.len())]);
                self.bush.push(user);
                referrer
            }
            _ => None,
        }
    }

    /// Deep: below the last one; now and then a twig beside it.
    fn join_chain(&mut self, user: usize, rng: &mut impl Rng) -> Option<usize> {
        if self.chain.len() >= LONGEST_CHAIN {
            self.chain.clear();
        }
        if self.chain.len() > 2 && rng.random_ratio(1, 10) {
            return Some(self.chain[rng.random_range(0..self.chain.len())]);
        }
        let referrer = self.chain.last().copied();
        self.chain.push(user);
        referrer
    }

    /// Wide: three of four below the first, the rest below one of those.
    fn join_star(&mut self, user: usize, rng: &mut impl Rng) -> Option<usize> {
        if self.star.len() >= WIDEST_STAR {
            self.star.clear();
        }
        let referrer = match self.star.len() {
            0 => None,
            _ if rng.random_ratio(3, 4) => Some(self.star[0]),
            len => Some(self.star[rng.random_range(0..len)]),
        };
        self.star.push(user);
        referrer
    }
}
