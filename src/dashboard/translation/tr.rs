//! Turkish.

use super::{FeedTexts, Labels, Translation, capital};

pub(super) const TRANSLATION: Translation = Translation {
    lang: "tr",
    months: ["Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas", "Ara"],
    days: ["Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"],
    weekdays: ["Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"],
    decimal_mark: ',',
    capital: dotted,
    summary: |number| match number {
        0 => "İçeride kimse yok".to_owned(),
        _ => format!("İçeride {number} kişi var"),
    },
    others: |number| format!("ve {number} kişi daha"),
    only_others: |number| match number {
        1 => "1 kişi, adı burada yazılmıyor".to_owned(),
        _ => format!("{number} kişi, adları burada yazılmıyor"),
    },
    more: |number| format!("ve {number} tane daha"),
    since: "giriş: {}",
    unknown_start: "çıkış: {}, girişi bilinmiyor",
    unknown_end: "giriş: {}, çıkışı bilinmiyor",
    hours: "{} sa",
    together: "Herkesin toplamı {}",
    busiest: |day, hour, people| format!("En kalabalık: {day} {hour}, ortalama {people} kişi"),
    zone: "Saat dilimi: {}",
    labels: Labels {
        join: "Katıl",
        members: "Şu anda içeride",
        nobody: "Ortalık sakin. Şu anda içeride kimse yok.",
        sharing: "Paylaşıyor",
        away: "Son görülenler",
        last_day: "Son 24 saat",
        week: "Bu haftanın saatleri",
        four_weeks: "Son dört hafta",
        people: "Ortalama kişi sayısı:",
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
        live: "Canlı",
        asking: "Arada bir bakılıyor",
        paused: "Duraklatıldı",
        own_zone: "Saatler kendi saat diliminizde: {}",
    },
    feed: FeedTexts {
        online: |number| match number {
            0 => "kimse yok".to_owned(),
            _ => format!("{number} kişi içeride"),
        },
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
