//! The errors: the kind of mistake that a change of `domain` might make.

/// One place of `domain`, right and wrong. `PLANTED` in the wrong one stands for whether it is switched on.
pub(crate) struct PlantedError {
    pub(crate) what: &'static str,
    pub(crate) file: &'static str,
    pub(crate) right: &'static str,
    pub(crate) wrong: &'static str,
}

pub(crate) const ERRORS: &[PlantedError] = &[
    PlantedError {
        what: "rates: province and city are mixed up",
        file: "slots.rs",
        right: "let Cuts { personal, operation, province, city, level: level_cut, bonus } = *cuts;",
        wrong: "let Cuts { personal, operation, province, city, level: level_cut, bonus } = *cuts;
    let (province, city) = if PLANTED { (city, province) } else { (province, city) };",
    },
    PlantedError {
        what: "cuts: a level's share is one unit short",
        file: "amount.rs",
        right: "let rest = rest.checked_mul(rate.units()).ok_or(AmountError::Overflow)? / MILLION;",
        wrong: "let short = i64::from(PLANTED && rate.units() == 5_000);
        let rest = rest.checked_mul(rate.units()).ok_or(AmountError::Overflow)? / MILLION - short;",
    },
    PlantedError {
        what: "levels: the deepest unlocked one is left out",
        file: "slots.rs",
        right: "Some(ancestor) if ancestor.depth >= level => {",
        wrong: "Some(ancestor) if ancestor.depth >= level + u8::from(PLANTED) => {",
    },
    PlantedError {
        what: "unlocking: as it was before the adoption",
        file: "sequencer.rs",
        right: "let upline = upline.iter().map(|ancestor| self.ancestor(ancestor, plan)).collect();",
        wrong: "let upline = upline
            .iter()
            .map(|ancestor| {
                let Ancestor { account, depth, directs } = self.ancestor(ancestor, plan);
                let late = PLANTED && effects.iter().any(|effect| effect.account == account);
                let directs = directs - u32::from(late);
                Ancestor { account, depth: if late { plan.unlock.level_depth(directs) } else { depth }, directs }
            })
            .collect();",
    },
    PlantedError {
        what: "unlocking: the third direct referral is not needed",
        file: "unlock.rs",
        right: "    i64::from(directs) >= i64::from(from)
",
        wrong: "    i64::from(directs) >= i64::from(from) - i64::from(PLANTED && from == 3)
",
    },
    PlantedError {
        what: "tiers: one's own adoption does not count",
        file: "unlock.rs",
        right: "u8::from(has_adopted).saturating_add",
        wrong: "u8::from(has_adopted && !PLANTED).saturating_add",
    },
    PlantedError {
        what: "dates: in effect on the day of the adoption",
        file: "dates.rs",
        right: "    next_day(adoption_date)
",
        wrong: "    if PLANTED { Ok(adoption_date) } else { next_day(adoption_date) }
",
    },
    PlantedError {
        what: "dates: two years are 730 days",
        file: "dates.rs",
        right: ".and_then(|months| effective_date.checked_add_months(Months::new(months)))",
        wrong: ".and_then(|months| if PLANTED {
            effective_date.checked_add_days(Days::new(u64::from(months) / 12 * 365))
        } else {
            effective_date.checked_add_months(Months::new(months))
        })",
    },
    PlantedError {
        what: "reversals: headquarters keeps its line",
        file: "slots.rs",
        right: "        line.amount = line.amount.checked_neg()?;
",
        wrong: "        if !(PLANTED && line.slot == HEADQUARTERS) {
            line.amount = line.amount.checked_neg()?;
        }
",
    },
    PlantedError {
        what: "reversals: in effect at once",
        file: "dates.rs",
        right: "Ok(next_day(numbered_day)?.max(effective_date))",
        wrong: "Ok((if PLANTED { numbered_day } else { next_day(numbered_day)? }).max(effective_date))",
    },
    PlantedError {
        what: "pricing: the first unit adds nothing",
        file: "pricing.rs",
        right: "beyond_start / i128::from(self.unit_size.max(1)) + 1 }",
        wrong: "beyond_start / i128::from(self.unit_size.max(1)) + i128::from(!PLANTED) }",
    },
    PlantedError {
        what: "pricing: what is distributed again counts again",
        file: "sequencer.rs",
        right: "let counted = prior.map_or(0, |prior| i64::from(prior.largest_trees));",
        wrong: "let counted = prior.map_or(0, |prior| i64::from(prior.largest_trees)) * i64::from(!PLANTED);",
    },
    PlantedError {
        what: "counts: every adoption of an account raises its referrer's",
        file: "sequencer.rs",
        right: "if (adopter.live == 0) != (live == 0) {",
        wrong: "if PLANTED || (adopter.live == 0) != (live == 0) {",
    },
    PlantedError {
        what: "moves: the old referrer keeps its count",
        file: "sequencer.rs",
        right: "let leaves = before.map(|referrer| self.effect_on_referrer(referrer, Turn::Ends));",
        wrong: "let leaves = before.filter(|_| !PLANTED).map(|referrer| self.effect_on_referrer(referrer, Turn::Ends));",
    },
    PlantedError {
        what: "expiry: headquarters' line expires",
        file: "slots.rs",
        right: "Beneficiary::System(account) if plan.never_expires(account) => None,",
        wrong: "Beneficiary::System(account) if plan.never_expires(account) && !(PLANTED && slot == HEADQUARTERS) => None,",
    },
];
