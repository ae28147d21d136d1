// Reads an HTTP/1.1 answer as a client must to know that it is whole: by Content-Length, by chunks, or to the
// end of the connection. It keeps nothing but counts, so that the load generator is not what is measured.
//
// It trusts the peer's syntax: it is for benchmarks, not for traffic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::bench {

// Thread-compatible.
class AnswerReader {
 public:
  enum class State { kReading, kComplete, kBroken };

  // Takes the next bytes of the connection. Bytes beyond the answer's end make it kBroken: nothing else was
  // asked for.
  State Read(std::string_view bytes);
  // The peer has closed the connection.
  State ReadEnd();
  void Reset() { *this = AnswerReader(); }

  State state() const { return state_; }
  bool has_begun() const { return has_begun_; }
  int status() const { return status_; }
  bool keeps_alive() const { return keeps_alive_; }
  uint64_t body_bytes() const { return body_bytes_; }
  uint64_t events() const { return events_; }  // server-sent events: empty lines in the body

 private:
  enum class Part { kHead, kLengthBody, kEndlessBody, kChunkSize, kChunkBody, kChunkEnd, kTrailer };

  void ReadHead();
  size_t ReadLine(std::string_view bytes);  // up to and with LF into line_; returns the bytes taken
  void CountBody(std::string_view bytes);

  State state_ = State::kReading;
  Part part_ = Part::kHead;
  bool has_begun_ = false;
  bool line_is_whole_ = false;
  bool keeps_alive_ = true;
  int status_ = 0;
  char last_body_byte_ = 0;
  uint64_t left_ = 0;  // of the body, or of this chunk
  uint64_t body_bytes_ = 0;
  uint64_t events_ = 0;
  std::string line_;  // the head, or a chunk's line, as far as it has come
};

}  // namespace postern::bench
