/// Milliseconds since 1970 of an RFC 3339 timestamp such as `2021-04-19T06:06:58.219Z`; `None` if it is none.
pub(crate) fn millis(timestamp: &str) -> Option<i64> {
    let (date, rest) = timestamp.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':').map(number);
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    let ahead = match zone.split_at(1) {
        ("Z" | "z", "") => 0,
        (sign, offset) => {
            let (hours, minutes) = offset.split_once(':')?;
            let minutes = number(hours)? * 60 + number(minutes)?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hours < 24 && minutes < 60 && seconds <= 60;
    let thousandths: String = fraction.chars().chain("00".chars()).take(3).collect();
    let seconds = (days(year, month, day) * 24 + hours) * 3_600 + (minutes - ahead) * 60 + seconds;
    (valid && date.next().is_none() && time.next().is_none()).then_some(seconds * 1_000 + number(&thousandths)?)
}

/// Up to four digits.
fn number(digits: &str) -> Option<i64> {
    (digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(millis("1970-01-01T00:00:00+00:00"), Some(0));
        assert_eq!(millis("2021-04-19T06:06:58.219Z"), Some(1_618_812_418_219));
        assert_eq!(millis("2000-02-29T23:59:59.5-00:30"), Some(951_870_599_500));
        assert_eq!(millis("1969-12-31T23:59:59Z"), Some(-1_000));
        assert_eq!(millis("2024-03-01T00:00:00.123456789+01:00"), Some(1_709_247_600_123));
    }

    #[test]
    fn every_day_of_four_centuries_is_one_after_the_one_before() {
        let mut expected = days(1800, 1, 1);
        for year in 1800..2200 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (month, length) in (1..).zip([31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                for day in 1..=length {
                    assert_eq!(days(year, month, day), expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn what_is_no_instant() {
        for wrong in [
            "",
            "soon",
            "2021-04-19",
            "2021-13-19T06:06:58Z",
            "2021-04-19T06:06Z",
            "2021-04-19T06:06:58",
            "2021-04-19T06:06:58+1",
            "99999-01-01T00:00:00Z",
            "2021-04-19T06:06:58.xZ",
        ] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }
}
