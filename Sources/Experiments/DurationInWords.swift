/// Such as "40 seconds" or "2 hours 5 minutes".
func durationInWords(_ seconds: Double) -> String {
  func count(_ number: Int, _ unit: String) -> String {
    "\(number) \(unit)\(number == 1 ? "" : "s")"
  }
  // What lasts longer than a million years need not be told exactly.
  let whole = Int(min(max(1, seconds.rounded(.up)), 1e14))
  guard whole >= 120 else { return count(whole, "second") }
  let minutes = (whole + 59) / 60
  guard minutes >= 120 else { return count(minutes, "minute") }
  return count(minutes / 60, "hour") + " " + count(minutes % 60, "minute")
}
