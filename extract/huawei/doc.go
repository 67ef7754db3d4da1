// Package huawei reads what Huawei Cloud Message & SMS gives away. It has no call that returns statistics, so there are two
// ways: files that people export from the console ("Viewing Sending Details" and the statistics pages), and status reports
// that the platform pushes.
//
// Both hold phone numbers, and files may hold the text of messages. Neither may be kept, so here, and for this vendor alone,
// what is stored is not the vendor's bytes but a canonical form of them (Form): the columns that are understood in a fixed
// order, numbers replaced by a keyed hash, texts left behind while reading. The SHA-256 of the file itself goes along, so that
// whoever still has the file can prove what was read. What a value means is not decided here.
//
// Facts about the vendor: https://support.huaweicloud.com/intl/en-us/usermanual-msgsms/sms_03_0027.html (sending details),
// sms_03_0026.html (statistics), https://support.huaweicloud.com/api-msgsms/sms_05_0003.html and sms_05_0063.html (pushes).
package huawei
