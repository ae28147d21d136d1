# A collector as a process of its own, and many agents' uplinks in one.
postern_library(postern_end_to_end_keep SOURCES keep.cc DEPS postern_test_support postern_base postern_json postern_rest)

postern_library(postern_end_to_end_fleet SOURCES fleet/fleet.cc fleet/forwarder.cc fleet/station.cc fleet/until.cc
  DEPS postern_end_to_end_keep postern_enrolment postern_membership postern_spool postern_uplink postern_uplink_support)

function(fleet_test name)
  postern_test(${name} SOURCES ${ARGN} DEPS postern_end_to_end_fleet LABELS end_to_end TIMEOUT 600)
  add_dependencies(${name} postern-collector)
endfunction()
fleet_test(fleet_test fleet/fleet_test.cc)
fleet_test(away_test fleet/away_test.cc)
fleet_test(state_test fleet/state_test.cc)
fleet_test(revocation_test fleet/revocation_test.cc)
