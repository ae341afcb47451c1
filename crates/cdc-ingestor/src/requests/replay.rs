//! A dead letter read once more, as Kafka has it or, where Kafka has forgotten it, as it was kept.
//!
//! One transaction: the rows, the letter's end and the answer. Locks as in [`crate::apply`], then letter and request.

use chrono::Utc;
use persistence::cdc_offsets::ReadUntil;
use persistence::dead_letters::{self, StoredLetter};
use persistence::operator_requests::OperatorRequest;
use persistence::{locks, operator_requests};
use rdkafka::Message as _;

use super::{Answer, Requests};
use crate::apply::{Applied, Topic, store};
use crate::batch::{Batch, Message};
use crate::errors::IngestError;
use crate::table::{Adoptions, Referrals, Table, Users};

/// The bytes of a message.
struct Found {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

impl Requests {
    pub(super) async fn replay(&self, request: &OperatorRequest, id: i64) -> Result<(), IngestError> {
        let letter = dead_letters::get(&mut *self.pool.acquire().await?, id).await?;
        let Some(letter) = letter else {
            return self.answer(request, &Answer::refused(format!("there is no dead letter {id}"))).await;
        };
        if let Some(resolution) = &letter.resolution {
            return self.answer(request, &Answer::refused(format!("it is {resolution} already"))).await;
        }
        let Some(found) = self.find(&letter).await? else {
            let why = "Kafka has the message no more, and what was kept of it is cut or redacted";
            return self.answer(request, &Answer::refused(why)).await;
        };
        let message = Message {
            partition: letter.partition,
            offset: letter.offset,
            key: found.key.as_deref(),
            value: found.value.as_deref(),
        };
        let mut work = self.topics.begin();
        self.topics.push(&mut work, &letter.topic, message, letter.offset, || None);
        let topics = &self.topics;
        if letter.topic == topics.users.name {
            self.read_again::<Users>(request, &letter, &topics.users, &work.users).await
        } else if letter.topic == topics.adoptions.name {
            self.read_again::<Adoptions>(request, &letter, &topics.adoptions, &work.adoptions).await
        } else if letter.topic == topics.referrals.name {
            self.read_again::<Referrals>(request, &letter, &topics.referrals, &work.referrals).await
        } else {
            self.answer(request, &Answer::refused(format!("{} is not read any more", letter.topic))).await
        }
    }

    async fn find(&self, letter: &StoredLetter) -> Result<Option<Found>, IngestError> {
        if let Some(message) = self.past.message(&letter.topic, letter.partition, letter.offset).await? {
            let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            return Ok(Some(Found { key: owned(message.key()), value: owned(message.payload()) }));
        }
        if !dead_letters::is_whole(&mut *self.pool.acquire().await?, letter.id).await? {
            return Ok(None);
        }
        let bytes = |text: &Option<String>| text.clone().map(String::into_bytes);
        Ok(Some(Found { key: bytes(&letter.key), value: bytes(&letter.value) }))
    }

    async fn read_again<T: Table>(
        &self,
        request: &OperatorRequest,
        letter: &StoredLetter,
        topic: &Topic,
        batch: &Batch<T::Row>,
    ) -> Result<(), IngestError> {
        if let Some(refused) = batch.letters.first() {
            return self.answer(request, &Answer::refused(format!("refused again: {}", refused.error))).await;
        }
        let now = Utc::now();
        let mut transaction = self.pool.begin().await?;
        if T::IN_REFERRAL_TREE {
            locks::hold(&mut transaction, locks::REFERRAL_TREE).await?;
        }
        let (applied, _) = store::<T>(&mut transaction, topic, batch, &ReadUntil::new(), now).await?;
        if applied.dead_letters > 0 {
            transaction.rollback().await?;
            let why = format!("still not possible: {}", letter.error);
            return self.answer(request, &Answer::refused(why)).await;
        }
        dead_letters::resolve(&mut transaction, letter.id, "replayed").await?;
        let outcome = outcome(&applied);
        operator_requests::answer(&mut transaction, request.id, true, outcome, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn outcome(applied: &Applied) -> &'static str {
    match applied {
        Applied { written: 1.., .. } => "the row is as the message says",
        Applied { stale: 1.., .. } => "the row has a later state already: nothing was changed",
        _ => "the message changes no row",
    }
}
