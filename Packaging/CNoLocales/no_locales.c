// In place of the data of International Components for Unicode, 34 MB of names
// of languages, countries and their money, of which the command uses none:
// a table of no entries. LOCALE_DATA is the name that its library looks for.
#include <stdint.h>

// The headers UDataInfo and ICU's table of contents of common data.
const struct {
  uint16_t header_size;
  uint8_t magic[2];
  uint16_t info_size;
  uint16_t reserved;
  uint8_t is_big_endian, charset, character_size, reserved_too;
  char format[4];
  uint8_t format_version[4], data_version[4];
  uint8_t padding[8];
  uint32_t entries;
} LOCALE_DATA __attribute__((aligned(16))) = {
  .header_size = 32, .magic = {0xda, 0x27}, .info_size = 20,
  .character_size = 2, .format = {'C', 'm', 'n', 'D'},
  .format_version = {1},
};
