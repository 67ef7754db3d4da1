package transform

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country gives the ISO 3166-1 alpha-2 code of a country or region that a vendor names: by its code of two or three
// letters, its name in English or Chinese, or the dial code that numbers of it start with (86, +86, 0086; 1242 for the
// Bahamas, which share +1). ok is false for what no table knows.
//
// Names are those of the Unicode CLDR, by golang.org/x/text, with the spellings beside them that consoles use.
func Country(text string) (iso string, ok bool) {
	key := plainCountry(text)
	if key == "" {
		return "", false
	}
	if key[0] >= '0' && key[0] <= '9' {
		return dialCountry(strings.TrimPrefix(key, "00"))
	}
	if iso, ok := countryNames()[key]; ok {
		return iso, true
	}
	if len(key) == 2 || len(key) == 3 {
		region, err := language.ParseRegion(strings.ToUpper(key))
		if err == nil && region.IsCountry() {
			return region.Canonicalize().String(), true
		}
	}
	return "", false
}

// plainCountry gives a name as it is compared.
func plainCountry(text string) string {
	text = strings.ToLower(text)
	text = strings.NewReplacer("&", "and", "saint ", "st ", "st. ", "st ").Replace(text)
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80 && !strings.ContainsRune("’‘（）·，、。 \u00a0\u3000·", r):
			return r
		default:
			return -1
		}
	}, text)
}

// countryNames gives the codes of the names in English and Chinese.
var countryNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string)
	english, chinese := display.English.Regions(), display.Chinese.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			region, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !region.IsCountry() || region.Canonicalize() != region {
				continue
			}
			for _, name := range []string{english.Name(region), chinese.Name(region)} {
				if key := plainCountry(name); len(key) > 1 {
					names[key] = region.String()
				}
			}
		}
	}
	for iso, spellings := range otherSpellings {
		for name := range strings.SplitSeq(spellings, ",") {
			names[plainCountry(name)] = iso
		}
	}
	return names
})

// otherSpellings are names that the tables of CLDR lack, or could lose when it follows a country that renames itself.
var otherSpellings = map[string]string{
	"AE": "UAE,United Arab Emirates,阿联酋,阿拉伯联合酋长国",
	"BA": "Bosnia and Herzegovina,Bosnia,波黑,波斯尼亚和黑塞哥维那",
	"BN": "Brunei,Brunei Darussalam,文莱",
	"BO": "Bolivia,Plurinational State of Bolivia,玻利维亚",
	"CD": "DR Congo,Democratic Republic of the Congo,Congo (DRC),刚果(金),刚果民主共和国",
	"CG": "Republic of the Congo,Congo,Congo (Brazzaville),刚果(布),刚果",
	"CI": "Ivory Coast,Cote d'Ivoire,Côte d'Ivoire,科特迪瓦",
	"CN": "China,Chinese mainland,Mainland China,China mainland,PRC,People's Republic of China,中国,中国大陆,中国内地,大陆",
	"CV": "Cape Verde,Cabo Verde,佛得角",
	"CZ": "Czech Republic,Czechia,捷克,捷克共和国",
	"DO": "Dominican Republic,Dominican Rep.,多米尼加共和国,多米尼加",
	"FM": "Micronesia,密克罗尼西亚",
	"GB": "UK,U.K.,Great Britain,England,United Kingdom,英国,大不列颠",
	"HK": "Hong Kong,Hongkong,Hong Kong (China),Hong Kong China,Hong Kong SAR,Hong Kong SAR China,China Hong Kong,香港,中国香港,中国香港特别行政区,香港特别行政区",
	"IR": "Iran,Islamic Republic of Iran,伊朗",
	"KP": "North Korea,朝鲜",
	"KR": "South Korea,Korea,Republic of Korea,Korea Republic of,韩国",
	"LA": "Laos,Lao PDR,Lao People's Democratic Republic,老挝",
	"MD": "Moldova,Republic of Moldova,摩尔多瓦",
	"MK": "North Macedonia,Macedonia,北马其顿,马其顿",
	"MM": "Myanmar,Burma,Myanmar (Burma),缅甸",
	"MO": "Macao,Macau,Macao (China),Macao China,Macau (China),Macao SAR,Macao SAR China,Macau SAR China,China Macao,澳门,中国澳门,中国澳门特别行政区,澳门特别行政区",
	"NL": "Netherlands,The Netherlands,Holland,荷兰",
	"PS": "Palestine,State of Palestine,巴勒斯坦",
	"RU": "Russia,Russian Federation,俄罗斯,俄罗斯联邦",
	"SY": "Syria,Syrian Arab Republic,叙利亚",
	"SZ": "Eswatini,Swaziland,斯威士兰",
	"TL": "East Timor,Timor-Leste,东帝汶",
	"TR": "Turkey,Türkiye,Turkiye,土耳其",
	"TW": "Taiwan,Taiwan (China),Taiwan China,China Taiwan,Taiwan region,台湾,中国台湾,台湾地区,台湾省",
	"TZ": "Tanzania,United Republic of Tanzania,坦桑尼亚",
	"US": "USA,U.S.A.,U.S.,United States,United States of America,America,美国",
	"VA": "Vatican,Vatican City,Holy See,梵蒂冈",
	"VE": "Venezuela,Bolivarian Republic of Venezuela,委内瑞拉",
	"VN": "Vietnam,Viet Nam,越南",
	"XK": "Kosovo,科索沃",
}

// dialCountry gives the country of a dial code. Four digits that start with 1 are an area of North America.
func dialCountry(dial string) (string, bool) {
	if len(dial) == 4 && dial[0] == '1' {
		if iso, ok := dialCodes()[dial]; ok {
			return iso, true
		}
		return "US", dial[1] >= '2' // areas start at 2
	}
	if dial == "76" || dial == "77" {
		return "KZ", true
	}
	if len(dial) == 2 && dial[0] == '7' {
		dial = "7"
	}
	iso, ok := dialCodes()[dial]
	return iso, ok
}

// dialCodes gives the country of each dial code. Where several share one, the largest. Source: ITU-T E.164, list of
// assigned country codes, and the North American Numbering Plan's areas outside of the United States.
var dialCodes = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string)
	for entry := range strings.FieldsSeq(dialTable) {
		iso, list, _ := strings.Cut(entry, ":")
		for dial := range strings.SplitSeq(list, ",") {
			codes[dial] = iso
		}
	}
	return codes
})

const dialTable = `
US:1 RU:7 EG:20 SS:211 MA:212 DZ:213 TN:216 LY:218 GM:220 SN:221 MR:222 ML:223 GN:224 CI:225 BF:226 NE:227 TG:228 BJ:229
MU:230 LR:231 SL:232 GH:233 NG:234 TD:235 CF:236 CM:237 CV:238 ST:239 GQ:240 GA:241 CG:242 CD:243 AO:244 GW:245 IO:246
SC:248 SD:249 RW:250 ET:251 SO:252 DJ:253 KE:254 TZ:255 UG:256 BI:257 MZ:258 ZM:260 MG:261 RE:262 ZW:263 NA:264 MW:265
LS:266 BW:267 SZ:268 KM:269 ZA:27 SH:290,247 ER:291 AW:297 FO:298 GL:299 GR:30 NL:31 BE:32 FR:33 ES:34 GI:350 PT:351 LU:352
IE:353 IS:354 AL:355 MT:356 CY:357 FI:358 BG:359 HU:36 LT:370 LV:371 EE:372 MD:373 AM:374 BY:375 AD:376 MC:377 SM:378 VA:379
UA:380 RS:381 ME:382 XK:383 HR:385 SI:386 BA:387 MK:389 IT:39 RO:40 CH:41 CZ:420 SK:421 LI:423 AT:43 GB:44 DK:45 SE:46 NO:47
PL:48 DE:49 FK:500 BZ:501 GT:502 SV:503 HN:504 NI:505 CR:506 PA:507 PM:508 HT:509 PE:51 MX:52 CU:53 AR:54 BR:55 CL:56 CO:57
VE:58 GP:590 BO:591 GY:592 EC:593 GF:594 PY:595 MQ:596 SR:597 UY:598 CW:599 MY:60 AU:61 ID:62 PH:63 NZ:64 SG:65 TH:66 TL:670
NF:672 BN:673 NR:674 PG:675 TO:676 SB:677 VU:678 FJ:679 PW:680 WF:681 CK:682 NU:683 WS:685 KI:686 NC:687 TV:688 PF:689 TK:690
FM:691 MH:692 JP:81 KR:82 VN:84 KP:850 HK:852 MO:853 KH:855 LA:856 CN:86 BD:880 TW:886 TR:90 IN:91 PK:92 AF:93 LK:94 MM:95
MV:960 LB:961 JO:962 SY:963 IQ:964 KW:965 SA:966 YE:967 OM:968 PS:970 AE:971 IL:972 BH:973 QA:974 BT:975 MN:976 NP:977 IR:98
TJ:992 TM:993 AZ:994 GE:995 KG:996 UZ:998
BS:1242 BB:1246 AI:1264 AG:1268 VG:1284 VI:1340 KY:1345 BM:1441 GD:1473 TC:1649 JM:1658,1876 MS:1664 MP:1670 GU:1671 AS:1684
SX:1721 LC:1758 DM:1767 VC:1784 PR:1787,1939 DO:1809,1829,1849 TT:1868 KN:1869
CA:1204,1226,1236,1249,1250,1257,1263,1289,1306,1343,1354,1365,1367,1368,1382,1403,1416,1418,1428,1431,1437,1438,1450,1468,1474
CA:1506,1514,1519,1548,1579,1581,1584,1587,1604,1613,1639,1647,1672,1683,1705,1709,1742,1753,1778,1780,1782,1807,1819,1825,1867
CA:1873,1879,1902,1905,1942
`
