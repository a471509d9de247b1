//! Turkish.

use super::{Around, Count, Labels, Words, capital};

pub(super) const WORDS: Words = Words {
    lang: "tr",
    locale: "tr-TR",
    months: ["Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas", "Ara"],
    capital: dotted,
    summary: Count {
        zero: "İçeride kimse yok",
        one: "İçeride 1 kişi var",
        more: "İçeride {} kişi var",
    },
    others: Count { zero: "", one: "ve 1 kişi daha", more: "ve {} kişi daha" },
    only_others: Count {
        zero: "",
        one: "1 kişi, adı burada yazılmıyor",
        more: "{} kişi, adları burada yazılmıyor",
    },
    since: "giriş: {}",
    zone: "Saat dilimi: {}",
    labels: Labels {
        join: "Katıl",
        members: "Şu anda içeride",
        nobody: "Ortalık sakin. Şu anda içeride kimse yok.",
        away: "Son görülenler",
        rooms: "Odalar",
        all_rooms: "Tüm odalar",
        table: "Giriş ve çıkışlar",
        window: "Son 35 gün, en yenisi önce",
        username: "Kullanıcı adı",
        status: "Durum",
        last_join: "Son giriş",
        last_left: "Son çıkış",
        present: "İçeride",
        absent: "Dışarıda",
        never: "Yok",
        updated: "Son değişiklik",
        not_updated: "Henüz değişiklik yok",
        pause: "Canlı güncellemeyi duraklat",
        resume: "Canlı güncellemeyi sürdür",
        stale: "Bu sayfa güncel olmayabilir: Lookout birkaç dakikadır haber vermiyor.",
        duration: "{}",
        own_zone: "Saatler kendi saat diliminizde: {}",
    },
    around: Around {
        online: Count { zero: "kimse yok", one: "1 kişi içeride", more: "{} kişi içeride" },
        opened: "{} açıldı",
        emptied: "{} boşaldı",
        came: "{} geldi",
        open_for: "{} açık kaldı",
        hours: "sa",
        minutes: "dk",
    },
};

/// The capital of a letter, where a dotted `i` keeps its dot.
fn dotted(letter: char) -> String {
    match letter {
        'i' => "İ".to_owned(),
        _ => capital(letter),
    }
}
