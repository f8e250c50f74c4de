/// Such as "40 seconds" or "2 hours 5 minutes".
func durationInWords(_ seconds: Double) -> String {
  func count(_ number: Int, _ unit: String) -> String {
    "\(number) \(unit)\(number == 1 ? "" : "s")"
  }
  let whole = max(1, Int(seconds.rounded(.up)))
  guard whole >= 120 else { return count(whole, "second") }
  let minutes = (whole + 59) / 60
  guard minutes >= 120 else { return count(minutes, "minute") }
  return count(minutes / 60, "hour") + " " + count(minutes % 60, "minute")
}
